export * from '../../packages/domain/src/index.js';
const units=(v:any)=>{const o=typeof v==='object'?v:{limit:v,enforce:'hard'};const limit=o.limit==='unlimited'?null:o.limit;const e=o.enforce;return {kind:'UNITS',limit,enforcement:e==='soft'?{kind:'SOFT',overage:typeof o.overage==='string'?{percent:parseInt(o.overage)}:{units:o.overage}}:{kind:e==='none'?'NONE':'HARD'}}};
export function parseCatalogDocument(d:any):any{
 const features=new Map(Object.entries<any>(d.features).map(([key,f])=>{const b={key,name:f.name??key,whenUnknown:{kind:'CLOSED'},needsSeat:null};
  switch(f.type){case 'boolean':return [key,{...b,type:'BOOLEAN',versions:new Map()}];case 'limit':return [key,{...b,type:'LIMIT',unit:f.unit??null,combine:'max',notifyAt:[]}];
  case 'metered':return [key,{...b,type:'METERED',unit:f.unit??null,combine:'sum',window:f.prepaid?null:{every:f.window,anchor:f.anchor},rollover:null,notifyAt:[]}];
  case 'seats':return [key,{...b,type:'SEATS',combine:'sum',seats:{kind:'NAMED',cooldown:null}}];default:return [key,{...b,type:'CONFIG',values:f.values,combine:f.combine}]}}) as any) as any;
 const ents=(e:any)=>new Map(Object.entries<any>(e).map(([k,v])=>{const f:any=features.get(k);return [k,f.type==='BOOLEAN'?{kind:'ON'}:f.type==='CONFIG'?{kind:'VALUE',value:v}:units(v)]}) as any);
 const plans=new Map(Object.entries<any>(d.plans).map(([key,p])=>[key,{key,name:p.name,family:p.family??key,model:p.model.toUpperCase(),period:p.period??null,trial:p.trial?{for:p.trial.for,then:p.trial.then?{kind:'PLAN',plan:p.trial.then}:{kind:'EXPIRE'}}:null,grace:p.grace??null,onExpiry:p.onExpiry??null,onCancel:p.onCancel??null,onPause:{clock:'runs'},offline:null,maintenance:null,machines:null,entitlements:ents(p.entitlements),rules:[]}]) as any);
 const addOns=new Map(Object.entries<any>(d.addOns).map(([key,a])=>[key,{key,name:a.name,with:a.with,entitlements:ents(a.entitlements)}]) as any);
 const arr=(x:any)=>Array.isArray(x)?x:[x];
 const transitions=d.transitions.map((t:any)=>({from:arr(t.from),to:arr(t.to),takesEffect:t.takesEffect,usage:t.usage,seatsAbove:{kind:'BLOCK'},addOnsNotOffered:'drop'}));
 return {ok:true,catalog:{name:d.name,timeZone:d.timeZone,staleFor:'PT1H',expiringSoon:[],features,plans,addOns,rules:[],transitions,existingSubscriptions:{default:'stay',byPlan:new Map()},scenarios:[]}};
}
