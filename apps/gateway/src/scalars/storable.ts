/**
 * Whether a text can be kept and read back as it is: NUL and halves of surrogate pairs are no text to the database, and
 * an event that held one could not be read again.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

export const STORABLE_WANTED = 'text holds no NUL character and no half of a surrogate pair';
