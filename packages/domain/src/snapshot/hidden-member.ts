import { type MemberId, parseMemberId } from '../ids.js';
import { Misfit, text, translated } from './codec.js';

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
export const seatMember = translated<MemberId, string | null, string | null>(text.nullable(), {
  read: (written) => {
    const member = written === null ? HIDDEN_MEMBER : parseMemberId(written);
    if (member !== null) return member;
    throw new Misfit('a member id of another form stands here');
  },
  write: (member) => (isHidden(member) ? null : member),
});
