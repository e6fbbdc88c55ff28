import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which of our packages a package may import (docs: ARCHITECTURE.md, "Imports point one way"). */
const MAY_IMPORT = {
  'packages/domain': [],
  'packages/api-types': [],
  'packages/federation': ['api-types'],
  // Its tests start a gateway on a database of their own; what is shipped needs none.
  'packages/cli': ['domain', 'database'],
  'packages/sdk': ['domain'],
  'packages/database': ['domain', 'api-types'],
  'packages/system-tests': ['domain', 'sdk', 'database', 'api-types'],
  'packages/conformance': ['domain', 'sdk', 'database', 'federation', 'api-types'],
  'packages/benchmarks': ['domain', 'sdk', 'database', 'api-types'],
  'apps/gateway': ['domain', 'database', 'api-types'],
  'apps/worker': ['domain', 'database', 'api-types'],
  'apps/demo': ['domain', 'database', 'api-types'],
};

/** What a file of this package may not import, however it is written. */
function refusedImports(folder) {
  const allowed = MAY_IMPORT[folder];
  const own = folder.split('/')[1];
  // Its own name: tests enter a package as its users do.
  const names = [...allowed, own].join('|');
  const others = Object.keys(MAY_IMPORT).map((other) => other.split('/')[1]);
  return [
    {
      regex: `^@licet/(?!(${names})(/|$))`,
      message: `${folder} may import ${allowed.join(', ') || 'no package of ours'}; see ARCHITECTURE.md.`,
    },
    { regex: '^@licet/[^/]+/(src|dist)', message: 'A package is entered through its exports.' },
    // `../../worker/src/main.js` leads there, too.
    {
      regex: `^(\\.\\./)+((apps|packages)/)?(${others.filter((other) => other !== own).join('|')})/`,
      message: 'Another package is imported by its name.',
    },
  ];
}

const NO_IMPORT_CALL = { selector: 'ImportExpression', message: 'Import at the top, where the rules look.' };

/** Chunks of their own in a page, each named where it is loaded; the rules see no other way out. */
const NO_OTHER_CHUNK = {
  selector: String.raw`ImportExpression:not([source.value=/^(\.\u002F[a-z-]+\.js|@licet\u002Fdomain\u002Fconditions)$/])`,
  message: 'Import at the top, where the rules look; chunks of their own are named in eslint.config.mjs.',
};

function importDirection(folder) {
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: refusedImports(folder) }],
      'no-restricted-syntax': ['error', folder === 'packages/sdk' ? NO_OTHER_CHUNK : NO_IMPORT_CALL],
    },
  };
}

/** The reference model of the histories: it would prove nothing if it were made of what it is compared with. */
const INDEPENDENT = {
  files: ['packages/system-tests/src/model/**/*.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: '^(?!\\./|temporal-polyfill$)',
            message: 'The model is written from docs/rules.md alone, and imports nothing of the product.',
          },
        ],
      },
    ],
  },
};

const PURE = {
  files: ['packages/domain/src/**/*.ts'],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-globals': [
      'error',
      ...['process', 'Buffer', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'crypto', 'performance'],
      ...['globalThis', 'console', 'require'],
    ],
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...refusedImports('packages/domain'),
          {
            regex:
              '^(?!\\.|(temporal-polyfill/fns/(?!Now$)[A-Za-z]+|yaml|zod|fastest-levenshtein|@marcbachmann/cel-js)$)',
            message: 'The rules run in a browser and do no I/O: of other packages they use these.',
          },
        ],
      },
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'Time is an argument.' },
      { object: 'Temporal', property: 'Now', message: 'Time is an argument.' },
      { object: 'Math', property: 'random', message: 'Chance is an argument.' },
    ],
    'no-restricted-syntax': [
      'error',
      NO_IMPORT_CALL,
      { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is an argument.' },
      { selector: "CallExpression[callee.name='Date']", message: 'Time is an argument.' },
    ],
  },
};

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/node_modules/**', '**/generated/**', '**/*.cjs', '**/*.mjs', '**/*.d.ts'],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-params': ['error', 5],
    },
  },
  ...Object.keys(MAY_IMPORT).map(importDirection),
  INDEPENDENT,
  PURE,
  // GraphQL object types are classes for their decorators; what resolvers return are plain values of that shape.
  {
    files: ['apps/gateway/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  // A resolver's parameters are the field's arguments.
  { files: ['apps/gateway/src/modules/**/*.ts'], rules: { 'max-params': 'off' } },
  {
    files: ['**/*.test.ts', '**/test/**', '**/testing/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      'max-params': 'off',
    },
  },
);
