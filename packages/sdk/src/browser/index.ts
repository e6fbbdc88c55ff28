export { indexedDbStorage } from './indexed-db.js';
