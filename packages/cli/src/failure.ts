/** What the exit code says; README.md. */
export const EXIT = {
  /** The program is broken. */
  FAULT: 1,
  /** An argument, or a file, cannot be right. */
  USAGE: 2,
  /** The gateway says no. */
  REFUSED: 3,
  /** Nobody answers; try again. */
  UNREACHABLE: 4,
  /** A token that is not genuine, or not what is wanted. */
  UNTRUSTED: 10,
  /** Its time has not come, or is over. */
  TIME: 11,
  OTHER_MACHINE: 12,
  REVOKED: 13,
  /** The licence in it gives nothing. */
  NOT_LICENSED: 14,
} as const;
export type Exit = keyof typeof EXIT;

/** Why a command ends without having done what it was asked for; the message is for people. */
export class Failure extends Error {
  constructor(
    readonly exit: Exit,
    message: string,
    /** What machines act on: a decision's or an error's code, where there is one. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}
