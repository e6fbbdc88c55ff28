const b=require('./jest.config.cjs');
module.exports={...b,moduleNameMapper:{'^@licet/domain$':'<rootDir>/domain-shim.temp.ts',...b.moduleNameMapper}};
