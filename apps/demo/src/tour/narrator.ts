/** Tells the tour: headings, and one line for each step, with the second at which it happened. */
export interface Narrator {
  heading(text: string): void;
  step(text: string): void;
}

export function narrator(print: (line: string) => void): Narrator {
  const began = performance.now();
  let headings = 0;
  return {
    heading(text) {
      headings += 1;
      print('');
      print(`${String(headings)}. ${text}`);
    },
    step(text) {
      const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
      print(`${seconds} s  ${text}`);
    },
  };
}

/** `yes, ENTITLED` or `no, NOT_IN_PLAN: why`. */
export function verdict(decision: { allowed: boolean; code: string; message: string }): string {
  return decision.allowed ? `yes, ${decision.code}` : `no, ${decision.code}: ${decision.message}`;
}
