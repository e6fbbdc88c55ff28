import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  inflate,
} from 'node:zlib';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);
const inflated = promisify(inflate);
/** Of records, smaller than deflate makes them at any level, in less than half the time of its fastest. */
const QUALITY = 1;
/** Bits of the window: more finds nothing more in records, and takes more memory. */
const WINDOW = 18;
/** What is larger, unpacked, was not written here. */
const MOST_BYTES = 512 * 1024 * 1024;
/** Smaller ones are packed, and unpacked, at once: another thread takes longer to be asked. */
const LEAST_FOR_THREAD = 32 * 1024;
/** Records take so many times the room when they are unpacked, mostly: one piece of memory holds them, in place of many small ones. */
const UNPACKED = 7;
const LEAST_PIECE = 1024;
const LARGEST_PIECE = 8 * 1024 * 1024;
/** How zlib's streams begin, which were written formerly; none of ours of this window does. */
const ZLIB = 0x78;

/** Text in UTF-8, packed; in another thread, where there is much of it. `quality`: a higher one takes longer, and makes less of it. */
export async function packText(text: Buffer | string, quality = QUALITY): Promise<Buffer> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = {
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_LGWIN]: WINDOW,
    [BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  return text.length < LEAST_FOR_THREAD ? brotliCompressSync(text, { params }) : compress(text, { params });
}

/** What `packText` has packed, now or formerly. */
export async function unpackText(body: Buffer): Promise<string> {
  return (await unpackBytes(body)).toString('utf8');
}

/** The same as bytes, for who wants some of them alone. */
export async function unpackBytes(body: Buffer): Promise<Buffer> {
  if (body[0] === ZLIB) return inflated(body, { maxOutputLength: MOST_BYTES });
  const chunkSize = Math.min(LARGEST_PIECE, Math.max(LEAST_PIECE, body.length * UNPACKED));
  const options = { maxOutputLength: MOST_BYTES, chunkSize };
  return body.length < LEAST_FOR_THREAD ? brotliDecompressSync(body, options) : decompress(body, options);
}
