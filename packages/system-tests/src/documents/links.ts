/** Where the links of a Markdown document lead within the repository, without their anchors. */
export function localLinks(markdown: string): string[] {
  const targets = [...markdown.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target) && !target.startsWith('#'))
    .map((target) => target.replace(/#.*$/, ''));
}
