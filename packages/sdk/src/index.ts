export type { Answer } from './answer.js';
export { type Basis, type CheckOptions, type Client, type ConsumeOptions, createClient } from './client.js';
export { type TokenSource } from './credential.js';
export { LicetError } from './errors.js';
export { type ClientOptions, type LeaseOptions, type ReportOptions } from './options.js';
export type { ConsumeAnswer } from './spend.js';
export {
  type AnswerSource,
  type ClientPhase,
  type ClientStatus,
  type Problem,
  type ProblemKind,
} from './status.js';
export { type ClientStorage, memoryStorage } from './storage.js';
export type { ReportCounts } from './unreported.js';
