import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** Makes in `folder` what an outsider installs: `dist` alone, and a manifest without what is of this workspace. Returns the packed file. */
export function pack(folder) {
  const content = path.join(folder, 'package');
  mkdirSync(content, { recursive: true });
  cpSync(path.join(HERE, 'dist'), path.join(content, 'dist'), { recursive: true });
  copyFileSync(path.join(HERE, 'README.md'), path.join(content, 'README.md'));
  copyFileSync(path.join(HERE, '../../LICENSE'), path.join(content, 'LICENSE'));
  const manifest = JSON.parse(readFileSync(path.join(HERE, 'package.json'), 'utf8'));
  for (const own of ['private', 'scripts', 'devDependencies']) delete manifest[own];
  for (const entry of [
    ...Object.values(manifest.exports),
    ...Object.values(manifest.imports['#signed-payload']),
  ])
    delete entry['@licet/source'];
  writeFileSync(
    path.join(content, 'package.json'),
    JSON.stringify({ ...manifest, files: ['dist'] }, null, 2),
  );
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: content,
      encoding: 'utf8',
    }),
  );
  return { content, tarball: path.join(folder, filename) };
}
