export type * from './generated/graphql.js';
export * from './event-data.js';
