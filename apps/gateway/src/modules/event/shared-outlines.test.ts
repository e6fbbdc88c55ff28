import { parseFeatureKey, type Outline } from '@licet/domain';
import { sharedOutline } from './shared-outlines.js';

function outline(limit: number): Outline[] {
  const feature = parseFeatureKey('calls');
  if (feature === null) throw new Error('`calls` is a feature');
  return [{ feature, allowed: true, code: 'ENTITLED', value: null, limit }];
}

test('customers who have the same are compared with one and the same outline; others are not', () => {
  expect(sharedOutline(outline(10))).toBe(sharedOutline(outline(10)));
  expect(sharedOutline(outline(11))).toEqual(outline(11));
});
