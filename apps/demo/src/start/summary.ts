import type { DemoAccess } from './prepare.js';

/** The last words of a start: where everything is, and one line to paste. */
export function summary(origin: string, demo: DemoAccess): string {
  const sockets = origin.replace(/^http/, 'ws');
  return [
    '',
    'Licet is running. Ctrl-C stops it.',
    '',
    `  GraphQL         ${origin}/graphql`,
    `  subscriptions   ${sockets}/graphql`,
    `  health          ${origin}/healthz`,
    `  readiness       ${origin}/readyz`,
    `  admin key       ${demo.adminKey}`,
    `  demo customer   ${demo.customerId}`,
    '',
    `May \`${demo.customerId}\` use \`${demo.feature}\`? Ask:`,
    '',
    curlLine(origin, demo),
  ].join('\n');
}

/** Single quotes for the shell: the body holds none, and neither do keys. */
function curlLine(origin: string, { adminKey, customerId, feature }: DemoAccess): string {
  const input = `{ customerId: ${JSON.stringify(customerId)}, feature: ${JSON.stringify(feature)} }`;
  const body = JSON.stringify({ query: `{ check(input: ${input}) { allowed code message } }` });
  return [
    'curl -s',
    `-H ${quote(`authorization: Bearer ${adminKey}`)}`,
    `-H 'content-type: application/json'`,
    `-d ${quote(body)}`,
    `${origin}/graphql`,
  ].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
