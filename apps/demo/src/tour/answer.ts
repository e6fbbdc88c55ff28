import { TourError } from './tour-error.js';

/** A GraphQL document, and the field under which its data come. */
export interface Operation<Data> {
  readonly query: string;
  readonly field: keyof Data & string;
}

interface GraphqlError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly field?: string };
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphqlError[];
}

/** The data of an answer; TourError where it holds an error, or is no answer to this operation. */
export function dataOf<Data>(operation: Operation<Data>, answer: unknown): Data {
  if (!isAnswer(operation, answer)) {
    throw new TourError('what answers there is no Licet gateway; check LICET_URL');
  }
  const [error] = answer.errors ?? [];
  if (error) {
    const { code = 'an error', field } = error.extensions ?? {};
    const where = field === undefined ? '' : ` at \`${field}\``;
    throw new TourError(`the gateway answered ${code}${where} to \`${operation.field}\`: ${error.message}`);
  }
  if (!answer.data) throw new TourError(`the gateway answered \`${operation.field}\` without data`);
  return answer.data;
}

/** What lies below the field is vouched for by the schema, from which the types are generated. */
function isAnswer<Data>({ field }: Operation<Data>, answer: unknown): answer is Answer<Data> {
  if (typeof answer !== 'object' || answer === null) return false;
  if ('errors' in answer) return Array.isArray(answer.errors);
  return 'data' in answer && typeof answer.data === 'object' && answer.data !== null && field in answer.data;
}
