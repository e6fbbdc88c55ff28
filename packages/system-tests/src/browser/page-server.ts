import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** By path: what it runs, and with which React. Only that of development mounts what is in StrictMode twice. */
const PAGES = {
  '': { script: 'page', react: 'production' },
  strict: { script: 'strict-page', react: 'development' },
} as const;

/** Serves the pages and their chunks, bundled as a vendor's build does it, from the packages' builds. */
export class PageServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<PageServer> {
    const files = await bundled();
    const server = createServer((request, response) => {
      const name = new URL(request.url ?? '/', 'http://page').pathname.slice(1);
      const script = files.get(name);
      if (isPage(name)) response.setHeader('content-type', 'text/html').end(htmlOf(name));
      else if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new PageServer(server, `http://127.0.0.1:${String(port)}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function isPage(name: string): name is keyof typeof PAGES {
  return Object.hasOwn(PAGES, name);
}

function htmlOf(name: keyof typeof PAGES): string {
  return `<!doctype html><meta charset="utf-8"><body><script type="module" src="/${PAGES[name].script}.js"></script>`;
}

async function bundled(): Promise<ReadonlyMap<string, Buffer>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'licet-page-'));
  try {
    const options = ['--bundle', '--splitting', '--format=esm', '--target=es2022', '--log-level=error'];
    for (const { script, react } of Object.values(PAGES)) {
      const own = [path.join(__dirname, `${script}.ts`), `--outdir=${directory}`];
      const mode = `--define:process.env.NODE_ENV="${react}"`;
      // A program, or a script: it depends on whether its install script has run.
      execFileSync(require.resolve('esbuild/bin/esbuild'), [...options, mode, ...own]);
    }
    const names = await readdir(directory);
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, await readFile(path.join(directory, name))] as const),
      ),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}
