import type { CustomerAccount } from '../../customer.js';
import type { Decision } from '../../decision/decision.js';
import type { LicenseId, MachineId } from '../../ids.js';
import type { CustomerEvent } from '../../subscription/command.js';
import type { Refused } from '../../subscription/refusal.js';
import type { IsoDuration } from '../../time/instant.js';
import type { Machine } from './machine.js';

/** What a caller may ask of a licence's machines. Ids are made by the caller: the rules hold no chance. */
export type MachineCommand =
  | {
      readonly kind: 'activateMachine';
      readonly licenseId: LicenseId;
      /** Of the machine, where it is new. */
      readonly machineId: MachineId;
      readonly fingerprint: string;
      /** It was derived from the components: a machine that is known keeps the one that it has. */
      readonly isDerived: boolean;
      /** Keyed hashes, each once; none: those of a machine that is known stay. */
      readonly components: readonly string[];
      /** Null: it has none. Left out: as it is. */
      readonly name?: string | null;
    }
  | {
      readonly kind: 'deactivateMachine';
      readonly licenseId: LicenseId;
      readonly machine: MachineName;
    }
  | {
      readonly kind: 'heartbeatMachine';
      readonly licenseId: LicenseId;
      readonly machine: MachineName;
      /** How long it holds its place: a millisecond at least, a day at most. */
      readonly ttl: IsoDuration;
    };

/** By which a caller names a machine; one that the licence does not know is not activated. */
export type MachineName = { readonly id: string } | { readonly fingerprint: string };

/** `machine`: as it is then; null: it is not activated. Where the decision denies nothing has changed. */
export type MachineOutcome =
  | {
      readonly ok: true;
      readonly account: CustomerAccount;
      readonly events: readonly CustomerEvent[];
      readonly decision: Decision;
      readonly machine: Machine | null;
    }
  | Refused;
