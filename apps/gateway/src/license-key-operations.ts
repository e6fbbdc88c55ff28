/** What a licence key may run as a bearer, for its own licence (docs/access.md). All else is FORBIDDEN. */
export const LICENSE_KEY_OPERATIONS: readonly string[] = [
  'validateLicense',
  'activateMachine',
  'deactivateMachine',
  'heartbeatMachine',
  'leaseSeat',
  'releaseSeat',
  'snapshot',
  'reportDecisions',
];
/** What needs no credential: the key is in the input. */
export const OPEN_OPERATIONS: readonly string[] = ['validateLicense'];
