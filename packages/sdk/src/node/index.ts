export { fileStorage, type FileStorageOptions } from './file-storage.js';
export { machineId } from './machine-id.js';
