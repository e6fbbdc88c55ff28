import { together, type Position, type Run, type Text } from './run.js';

/** Writes one field of the object `source`, which stands at `parent`; throws where the whole object has to be null. */
export type FieldWriter = (run: Run, source: unknown, parent: Position) => Text;
/** Writes an object with its selected fields. */
export type SelectionWriter = (run: Run, source: unknown, position: Position) => Text;

/** Fields that are resolved side by side. */
export function joinTogether(keys: readonly string[], fields: readonly FieldWriter[]): SelectionWriter {
  const opened = keys.map(opening);

  /** From the first field that has to be waited for. */
  function wait(run: Run, source: unknown, position: Position, begun: Begun): PromiseLike<string> {
    const parts: Text[] = [begun.part];
    try {
      for (const field of fields.slice(begun.index + 1)) parts.push(field(run, source, position));
    } catch (error) {
      // The others are let end first: they may fail too, and someone must be listening.
      const rethrow = (): never => {
        throw error;
      };
      if (begun.index === fields.length - 1) {
        return begun.part.then((text) => `${begun.text}${opened[begun.index] ?? ''}${text}}`);
      }
      return together(parts).then(rethrow, rethrow);
    }
    if (begun.index === fields.length - 1) {
      return begun.part.then((text) => `${begun.text}${opened[begun.index] ?? ''}${text}}`);
    }
    return together(parts).then(
      (texts) =>
        `${texts.reduce((text, part, index) => text + (opened[begun.index + index] ?? '') + part, begun.text)}}`,
    );
  }

  return (run, source, position) => {
    if (fields.length === 0) return '{}';
    let text = '';
    let index = 0;
    for (const field of fields) {
      const part = field(run, source, position);
      if (typeof part !== 'string') return wait(run, source, position, { text, part, index });
      text += (opened[index++] ?? '') + part;
    }
    return `${text}}`;
  };
}

interface Begun {
  readonly text: string;
  readonly part: PromiseLike<string>;
  readonly index: number;
}

/** Fields of which each waits for the one before it: those of a mutation. */
export function joinInOrder(keys: readonly string[], fields: readonly FieldWriter[]): SelectionWriter {
  const opened = keys.map(opening);

  function from(first: number, before: string, run: Run, source: unknown): Text {
    let text = before;
    for (let index = first; index < fields.length; index++) {
      const part = fields[index]?.(run, source, undefined) ?? '';
      const key = opened[index] ?? '';
      const begun = text + key;
      if (typeof part !== 'string')
        return part.then((written) => from(index + 1, begun + written, run, source));
      text = begun + part;
    }
    return `${text}}`;
  }

  return (run, source) => (fields.length === 0 ? '{}' : from(0, '', run, source));
}

function opening(key: string, index: number): string {
  return `${index === 0 ? '{' : ','}"${key}":`;
}
