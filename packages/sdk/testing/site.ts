import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Client, type ClientOptions, createClient } from '@licet/sdk';
import { fileStorage } from '@licet/sdk/node';
import { CUSTOMER } from './signer.js';
import { SmallGateway } from './small-gateway.js';

export const BEGIN = Date.parse('2026-12-01T12:00:00Z');

/** A gateway, a disk and a clock, and clients that begin there one after the other as processes do. */
export class Site {
  time = BEGIN;
  readonly #clients: Client[] = [];

  private constructor(
    readonly directory: string,
    readonly gateway: SmallGateway,
  ) {}

  static async make(): Promise<Site> {
    const directory = await mkdtemp(path.join(tmpdir(), 'licet-sdk-'));
    const clock = { now: () => BEGIN };
    const site = new Site(directory, await SmallGateway.start(() => clock.now()));
    clock.now = () => site.time;
    return site;
  }

  async start(options: Partial<ClientOptions> = {}): Promise<Client> {
    const client = createClient({
      url: this.gateway.url,
      apiKey: 'lk_service_test',
      customerId: CUSTOMER,
      storage: this.storage(),
      live: false,
      retryMax: 50,
      now: () => this.time,
      ...options,
    });
    this.#clients.push(client);
    await client.ready;
    return client;
  }

  storage(place: string | null = 'this machine') {
    return fileStorage(this.directory, { place });
  }

  /** The files, by what they hold. */
  async files(): Promise<{ readonly snapshot: string; readonly seen: string }> {
    const files = (await readdir(this.directory)).map((name) => path.join(this.directory, name));
    const found = { snapshot: '', seen: '' };
    for (const file of files) {
      const text = await readFile(file, 'utf8');
      if (text.includes('"token"')) found.snapshot = file;
      else if (text.includes('"starts"')) found.seen = file;
    }
    return found;
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    await this.gateway.down();
    await rm(this.directory, { recursive: true });
  }
}
