import {
  GraphQLError,
  Kind,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';

export const DEPTH_MAX = 12;

/** Refuses operations whose fields nest deeper than DEPTH_MAX. Introspection has the library's own bound. */
export const depthLimit: ValidationRule = (context) => {
  const measured = new Map<FragmentDefinitionNode, number>();

  function depthOf(selectionSet: SelectionSetNode | undefined): number {
    let deepest = 0;
    for (const selection of selectionSet?.selections ?? []) {
      deepest = Math.max(deepest, depthOfSelection(selection));
      if (deepest > DEPTH_MAX) break;
    }
    return deepest;
  }

  function depthOfSelection(selection: SelectionSetNode['selections'][number]): number {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value.startsWith('__') ? 0 : 1 + depthOf(selection.selectionSet);
      case Kind.INLINE_FRAGMENT:
        return depthOf(selection.selectionSet);
      case Kind.FRAGMENT_SPREAD:
        return depthOfFragment(context.getFragment(selection.name.value));
    }
  }

  /** A fragment is measured once; one that contains itself counts 0 inside and is refused by another rule. */
  function depthOfFragment(fragment: FragmentDefinitionNode | null | undefined): number {
    if (!fragment) return 0;
    const known = measured.get(fragment);
    if (known !== undefined) return known;
    measured.set(fragment, 0);
    const depth = depthOf(fragment.selectionSet);
    measured.set(fragment, depth);
    return depth;
  }

  return {
    OperationDefinition(node) {
      if (depthOf(node.selectionSet) <= DEPTH_MAX) return;
      const message = `the operation nests its fields deeper than ${String(DEPTH_MAX)} levels; ask in several operations`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
};
