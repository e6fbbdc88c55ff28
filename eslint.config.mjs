import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which of our packages a package may import (docs: ARCHITECTURE.md, "Imports point one way"). */
const MAY_IMPORT = {
  'packages/domain': [],
  'packages/api-types': [],
  'packages/database': ['domain', 'api-types'],
  'packages/system-tests': ['domain', 'database', 'api-types'],
  'packages/benchmarks': ['domain', 'database', 'api-types'],
  'apps/gateway': ['domain', 'database', 'api-types'],
  'apps/worker': ['domain', 'database', 'api-types'],
  'apps/demo': ['domain', 'database', 'api-types'],
};

function importDirection(folder, allowed) {
  const own = folder.split('/')[1];
  // Its own name: tests enter a package as its users do.
  const names = [...allowed, own].join('|');
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^@licet/(?!(${names})(/|$))`,
              message: `${folder} may import ${allowed.join(', ') || 'no package of ours'}; see ARCHITECTURE.md.`,
            },
            { regex: '^@licet/[^/]+/(src|dist)', message: 'A package is entered through its exports.' },
            {
              regex: `(^|/)\\.\\./.*(apps|packages)/(?!${own}/)`,
              message: 'Another package is imported by its name.',
            },
          ],
        },
      ],
    },
  };
}

const PURE = {
  files: ['packages/domain/src/**/*.ts'],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-globals': ['error', 'process', 'Buffer', 'setTimeout', 'setInterval', 'fetch', 'crypto'],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'Time is an argument.' },
      { object: 'Math', property: 'random', message: 'Chance is an argument.' },
    ],
    'no-restricted-syntax': [
      'error',
      { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is an argument.' },
      { selector: 'ImportDeclaration[source.value=/^node:/]', message: 'The rules run in a browser too.' },
    ],
  },
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/generated/**',
      '**/*.cjs',
      '**/*.mjs',
      '**/*.d.ts',
      '**/lint-fixtures/**',
    ],
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
  ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => importDirection(folder, allowed)),
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
