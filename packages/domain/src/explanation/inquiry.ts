import type { CheckRequest } from '../decision/decision.js';
import type { Adjustment, CompiledEntitlement } from '../decision/entitlement.js';
import type { Sources } from '../decision/sources.js';
import type { Subject } from '../decision/subject.js';
import type { Instant } from '../time/instant.js';
import type { SourceTests } from './source-tests.js';

/** What the tests rest on. */
export interface Inquiry {
  readonly subject: Subject;
  readonly request: CheckRequest;
  readonly at: Instant;
  /** As they are before the catalog's own rules. */
  readonly whole: Sources;
  readonly adjustment: Adjustment;
  readonly sources: Sources;
  /** What they come to, whatever blocks or denies it. */
  readonly right: CompiledEntitlement;
  readonly tested: readonly SourceTests[];
}
