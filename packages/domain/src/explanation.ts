/** Why `decide` answers as it does, for programs that have no use for the rest of the package. */
export { explain } from './explanation/explain.js';
export * from './explanation/explanation.js';
