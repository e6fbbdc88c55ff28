import { EntitlementsError, OutOfReach } from './errors.js';
import type { GatewayClient, KnownFeature } from './gateway-client.js';
import type { WhileUnread } from './options.js';

interface KnownFeaturesOptions {
  readonly client: Pick<GatewayClient, 'features'>;
  readonly onRefused: (error: EntitlementsError) => void;
  readonly whileUnread: WhileUnread;
}

/** The catalog's features, read once: at start, or where the gateway was away then, with the first checks that it answers. */
export class KnownFeatures {
  private known: ReadonlyMap<string, KnownFeature> | null = null;
  private reading: Promise<void> | null = null;
  private isRefused = false;
  /** The feature of each guarded place, to be looked at when the features are read. */
  private readonly guarded: (readonly [place: string, feature: string])[] = [];

  constructor(private readonly options: KnownFeaturesOptions) {}

  /** Throws OutOfReach where there is no answer, EntitlementsError where the gateway refuses. */
  async read(): Promise<void> {
    const features = await this.options.client.features();
    this.known = new Map(features.map((feature) => [feature.key, feature]));
    for (const [place, key] of this.guarded)
      if (!this.known.has(key)) this.options.onRefused(this.unknown(place, key));
  }

  /** Reads them where nobody has yet; never rejects. A gateway that has refused is not asked again. */
  async readIfUnread(): Promise<void> {
    if (this.known !== null || this.isRefused) return;
    this.reading ??= this.read()
      .catch((error: unknown) => {
        if (error instanceof OutOfReach) return;
        this.isRefused = true;
        this.options.onRefused(
          error instanceof EntitlementsError ? error : new EntitlementsError(String(error), { cause: error }),
        );
      })
      .finally(() => (this.reading = null));
    await this.reading;
  }

  /** EntitlementsError where the catalog has no such feature; while that is not known it is told later. */
  require(place: string, key: string): void {
    if (this.known === null) this.guarded.push([place, key]);
    else if (!this.known.has(key)) throw this.unknown(place, key);
  }

  /** Undefined: the catalog had no such feature. */
  find(key: string): KnownFeature | undefined {
    if (this.known !== null) return this.known.get(key);
    return { key, whenUnknown: this.options.whileUnread[key] ?? 'CLOSED', lastKnownFor: null };
  }

  private unknown(place: string, key: string): EntitlementsError {
    const all = [...(this.known?.keys() ?? [])].join(', ');
    return new EntitlementsError(
      `\`${place}\` is guarded by \`${key}\`, which the catalog does not have; its features are ${all}`,
    );
  }
}
