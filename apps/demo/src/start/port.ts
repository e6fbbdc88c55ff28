import { createServer } from 'node:net';

export class PortError extends Error {
  readonly code = 'PORT_UNUSABLE';
}

/** Returns the port, or a free one for 0; PortError where the gateway could not listen on it. */
export function claimPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error: NodeJS.ErrnoException) => {
      reject(new PortError(describe(error, host, port), { cause: error }));
    });
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  });
}

function describe(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `port ${String(port)} is already in use; stop the program that uses it, or set PORT to another port`;
  }
  if (error.code === 'EACCES') return `port ${String(port)} needs more rights; set PORT to one above 1023`;
  return `\`${host}\` port ${String(port)} cannot be listened on (${error.code ?? error.message}); set HOST and PORT`;
}
