import { z } from 'zod';
import { type MemberId, parseMemberId } from '../ids.js';

/** No id of a member holds a control character, so nobody who asks is ever taken for one who is hidden. */
const HIDDEN = '\u0000';

/** In the place of a member that whoever gets the snapshot is not to know; what is held counts all the same. */
export const HIDDEN_MEMBER: MemberId = hidden();

function hidden(): MemberId {
  if (isHidden(HIDDEN)) return HIDDEN;
  throw new Error('a hidden member is one');
}

function isHidden(text: string): text is MemberId {
  return text === HIDDEN;
}

/** Who holds a seat; null: somebody. */
export const seatMember = z.codec(z.string().nullable(), z.custom<MemberId>(), {
  decode: (text, context) => {
    const member = text === null ? HIDDEN_MEMBER : parseMemberId(text);
    if (member !== null) return member;
    context.issues.push({ code: 'custom', message: 'a member id of another form stands here', input: text });
    return z.NEVER;
  },
  encode: (member) => (isHidden(member) ? null : member),
});
