import { Field, ObjectType, Int, type ClassType } from 'type-graphql';
import type { Page } from '@licet/database';
import { Cursor } from '../../scalars/index.js';
import { badInput } from '../../errors/api-error.js';
import { FIRST_MAX } from '../arguments.js';

@ObjectType('PageInfo', { simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean)
  hasNextPage!: boolean;
  @Field(() => Boolean)
  hasPreviousPage!: boolean;
  @Field(() => Cursor, { nullable: true })
  startCursor!: string | null;
  @Field(() => Cursor, { nullable: true })
  endCursor!: string | null;
}

export interface Edge<T> {
  readonly node: T;
  readonly cursor: string;
}
export interface Connection<T> {
  readonly edges: Edge<T>[];
  readonly pageInfo: PageInfoType;
}

/** A page of domain objects as a Relay connection of their GraphQL objects. */
export function toConnection<T, U>(page: Page<T>, toNode: (item: T) => U): Connection<U> {
  const edges = page.items.map(({ node, cursor }) => ({ node: toNode(node), cursor }));
  const { hasNextPage, hasPreviousPage } = page;
  const pageInfo = {
    hasNextPage,
    hasPreviousPage,
    startCursor: edges.at(0)?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { edges, pageInfo };
}

/** `first` of a list: 1 to 100, else BAD_USER_INPUT. */
export function parseFirst(first: number): number {
  if (first >= 1 && first <= FIRST_MAX) return first;
  throw badInput('first', `\`first\` is 1 to ${String(FIRST_MAX)}, not ${String(first)}`);
}

/** The edge and connection types of one node type. */
export function connectionTypes<T extends object>(
  name: string,
  node: ClassType<T>,
  options: { readonly counted?: boolean; readonly description?: string } = {},
) {
  @ObjectType(`${name}Edge`, { simpleResolvers: true })
  class EdgeType implements Edge<T> {
    @Field(() => node)
    node!: T;
    @Field(() => Cursor)
    cursor!: string;
  }
  const description = options.description === undefined ? {} : { description: options.description };
  @ObjectType(`${name}Connection`, { simpleResolvers: true, ...description })
  class ConnectionType implements Connection<T> {
    @Field(() => [EdgeType])
    edges!: Edge<T>[];
    @Field(() => PageInfoType)
    pageInfo!: PageInfoType;
  }
  if (options.counted === true) Field(() => Int, { nullable: true })(ConnectionType.prototype, 'totalCount');
  return ConnectionType;
}
