import { Command, CommanderError, Option } from 'commander';
import { generateTypes, type GenerateOptions } from './commands/generate-types.js';
import { rotateKeys, type RotateOptions } from './commands/keys-rotate.js';
import {
  issueLicense,
  type IssueOptions,
  listRevocations,
  type RevocationsOptions,
} from './commands/license-issue.js';
import { requestLicense, type RequestOptions } from './commands/license-request.js';
import { verifyLicense, type VerifyOptions } from './commands/license-verify.js';
import { type InspectOptions, inspectToken } from './commands/token-inspect.js';
import { EXIT } from './failure.js';
import { type Gateway, gatewayOf, type GatewayOptions } from './gateway.js';
import { type Output, run } from './output.js';

/** What every command takes. */
interface Common {
  readonly json?: boolean;
}

/** Does what the arguments of the process ask for, and leaves it its exit code. */
export async function runProgram(env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await programFor(env).parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help is no failure; what cannot be right is one of usage.
    if (error.exitCode !== 0 && error.code !== 'commander.help') process.exitCode = EXIT.USAGE;
  }
}

/** All commands. `env`: of the process. */
function programFor(env: NodeJS.ProcessEnv): Command {
  const program = new Command('licet')
    .description('Licence files, signing keys, tokens and generated types of Licet.')
    .showHelpAfterError('(licet --help shows what there is)')
    .exitOverride();
  addLicense(program, env);
  addToken(program);
  addKeys(program, env);
  addGenerate(program, env);
  return program;
}

function addLicense(program: Command, env: NodeJS.ProcessEnv): void {
  const license = program.command('license').description('Licences of machines that never see a network.');
  local(license, 'request')
    .description('On the machine: writes down what it is known by. Needs no network.')
    .option('--fingerprint <text>', 'what it is known by, instead of digests of its parts')
    .option('--out <file>', 'where the request goes; standard output where left out')
    .addHelpText('after', examples('licet license request --out request.json'))
    .action((options: RequestOptions & Common) =>
      run(isJson(options), (output) => requestLicense(options, output)),
    );
  remote(license, 'issue')
    .description('With a network: has the gateway issue a file for that machine, and activate it.')
    .requiredOption('--license <id>', 'the licence')
    .option('--request <file>', 'what the machine has written; `-`: standard input')
    .option('--fingerprint <text>', 'instead of a request')
    .option('--valid-for <duration>', 'from a second to 366 days', 'P30D')
    .option('--seat <feature>', 'borrows a seat of this feature')
    .option('--member <id>', 'whose seat it is')
    .option('--budget <feature=units...>', 'units that the machine may spend; less where less is left', [])
    .option(
      '--idempotency-key <key>',
      'the same one gets the same file again; for a request it is made from that',
    )
    .option('--out <file>', 'where the file goes; standard output where left out')
    .option('--keys-out <file>', 'where the public keys go that verify it')
    .option('--revocations-out <file>', 'where the revocation list goes')
    .addHelpText(
      'after',
      examples(
        'licet license issue --license lic_… --request request.json --valid-for P90D \\',
        '  --out license.jwt --keys-out keys.json --revocations-out revoked.jwt',
        'licet license issue --license lic_… --request request.json --seat editors --member ann',
        'licet license issue --license lic_… --request request.json --budget api-calls=100',
      ),
    )
    .action((options: IssueOptions & GatewayOptions & Common) =>
      withGateway(options, env, (gateway, output) => issueLicense(gateway, options, output)),
    );
  remote(license, 'revocations')
    .description('With a network: writes the list of what is not to be honoured any more.')
    .option('--out <file>', 'where the list goes; standard output where left out')
    .addHelpText('after', examples('licet license revocations --out revoked.jwt'))
    .action((options: RevocationsOptions & GatewayOptions & Common) =>
      withGateway(options, env, (gateway, output) => listRevocations(gateway, options, output)),
    );
  addVerify(license);
}

function addVerify(license: Command): void {
  local(license, 'verify')
    .description('On the machine: whether a file is good on it. Needs no network.')
    .requiredOption('--file <file>', 'the licence file; `-`: standard input')
    .requiredOption('--keys <file>', 'the public keys')
    .option('--revocations <file>', 'the revocation list')
    .option('--tenant <id>', 'who must have issued it; whoever has the keys where left out')
    .option('--request <file>', 'the request that it must answer')
    .option('--fingerprint <text>', 'what this machine is known by, instead of digests of its parts')
    .option('--feature <key...>', 'what is asked for; all that the licence gives where left out', [])
    .option('--member <id>', 'who asks; whoever has borrowed the seat where left out')
    .option('--product-version <version>', 'what asks')
    .option('--at <time>', 'as of that time instead of now')
    .addHelpText(
      'after',
      `${examples(
        'licet license verify --file license.jwt --keys keys.json --revocations revoked.jwt',
        'licet license verify --file license.jwt --keys keys.json --feature desktop --json',
      )}

Exit codes: 0 good, 10 not genuine, 11 its time is over or still to come, 12 of another machine,
13 revoked, 14 the licence gives nothing.`,
    )
    .action((options: VerifyOptions & Common) =>
      run(isJson(options), (output) => verifyLicense(options, output)),
    );
}

function addToken(program: Command): void {
  const token = program
    .command('token')
    .description('What tokens say: licence files, snapshots, revocation lists, customer tokens.');
  local(token, 'inspect')
    .description('Shows what a token says. Needs no network.')
    .argument('<token>', 'the token, a file that holds it, or `-`: standard input')
    .option('--keys <file>', 'verifies it by these public keys')
    .option('--tenant <id>', 'who must have issued it')
    .option('--at <time>', 'as of that time instead of now')
    .option('--full', 'with the whole state that it holds')
    .addHelpText('after', examples('licet token inspect license.jwt --keys keys.json'))
    .action((given: string, options: InspectOptions & Common) =>
      run(isJson(options), (output) => inspectToken(given, options, output)),
    );
}

function addKeys(program: Command, env: NodeJS.ProcessEnv): void {
  const keys = program.command('keys').description('What signs tokens.');
  remote(keys, 'rotate')
    .description('Makes a new signing key; prints its id.')
    .option(
      '--overlap <duration>',
      'how long the old one goes on signing; a day where left out, P90D at most',
    )
    .option('--idempotency-key <key>', 'the same one makes no second key')
    .option('--keys-out <file>', 'where the public keys go')
    .addHelpText('after', examples('licet keys rotate --overlap P7D --keys-out keys.json'))
    .action((options: RotateOptions & GatewayOptions & Common) =>
      withGateway(options, env, (gateway, output) => rotateKeys(gateway, options, output)),
    );
}

function addGenerate(program: Command, env: NodeJS.ProcessEnv): void {
  const generate = program.command('generate').description('Code from the catalog.');
  remote(generate, 'types')
    .description('Features as a TypeScript type, of a catalog file or of the live release.')
    .option('--catalog <file>', 'a catalog in YAML or JSON; the live release where left out')
    .option('--out <file>', 'where the types go; standard output where left out')
    .addHelpText('after', examples('licet generate types --catalog catalog.yaml --out src/licet-features.ts'))
    .action((options: GenerateOptions & GatewayOptions & Common) =>
      run(isJson(options), (output) => generateTypes(options, () => gatewayOf(options, env), output)),
    );
}

function local(parent: Command, name: string): Command {
  return parent.command(name).option('--json', 'answers in JSON');
}

function remote(parent: Command, name: string): Command {
  return local(parent, name)
    .addOption(new Option('--url <url>', 'of the gateway; else LICET_URL, else http://127.0.0.1:4000'))
    .addOption(new Option('--api-key <key>', 'else LICET_API_KEY'));
}

function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');
}

function isJson({ json = false }: Common): boolean {
  return json;
}

function withGateway(
  options: GatewayOptions & Common,
  env: NodeJS.ProcessEnv,
  command: (gateway: Gateway, output: Output) => Promise<void>,
): Promise<void> {
  return run(isJson(options), (output) => command(gatewayOf(options, env), output));
}
