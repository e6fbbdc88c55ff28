import * as echarts from 'echarts';
import type { Curve, Row } from './results.js';

const WIDTH = 900;
const CURVE_HEIGHT = 480;
const TEXT = { fontFamily: 'sans-serif' };

/** Growth curves of one chart, as SVG. Both ends of the x axis are a power apart: it is logarithmic. */
export function curveChart(title: string, curves: readonly Curve[]): string {
  const [first] = curves;
  if (!first) throw new RangeError('a chart needs a curve');
  return svgOf(WIDTH, CURVE_HEIGHT, {
    title: { text: title, left: 'center' },
    legend: { top: 34, itemGap: 30 },
    grid: { left: 90, right: 40, top: 80, bottom: 60 },
    xAxis: {
      type: 'log',
      logBase: 10,
      name: first.x,
      nameLocation: 'middle',
      nameGap: 34,
      min: 'dataMin',
      max: 'dataMax',
    },
    yAxis: { type: 'value', name: first.y, min: 0 },
    series: curves.map((curve) => ({ type: 'line', name: curve.series, data: curve.points })),
  });
}

/** Room for the names of the longest races. */
const LABELS = 560;

/** How far each figure is from its goal, which is 1; more is better, whatever is measured. */
export function goalChart(title: string, rows: readonly Row[]): string {
  const bars = rows
    .flatMap((row) => {
      const share = shareOfGoal(row);
      if (share === null) return [];
      const name = `${row.race}: ${row.measure}, against ${row.against ?? 'nothing'}`;
      return [{ name, value: Number(share.toPrecision(3)), color: share >= 1 ? '#2e7d32' : '#c62828' }];
    })
    .toReversed();
  return svgOf(WIDTH + LABELS, 120 + bars.length * 30, {
    title: {
      text: title,
      subtext: '1 is the goal: to the right it is surpassed, to the left missed',
      left: 'center',
    },
    grid: { left: LABELS, right: 80, top: 70, bottom: 30 },
    // The bars bear their figures; a logarithmic axis would begin with another power of ten each time.
    xAxis: { type: 'log', logBase: 10, axisLabel: { show: false } },
    yAxis: { type: 'category', data: bars.map((bar) => bar.name), axisLabel: { fontSize: 11 } },
    series: [
      {
        type: 'bar',
        data: bars.map(({ value, color }) => ({ value, itemStyle: { color } })),
        label: { show: true, position: 'right' },
        markLine: { symbol: 'none', data: [{ xAxis: 1 }], label: { show: false } },
      },
    ],
  });
}

function shareOfGoal({ ratio, goal }: Row): number | null {
  if (ratio === null || goal === null) return null;
  return goal.bound === 'atLeast' ? ratio / goal.ratio : goal.ratio / ratio;
}

function svgOf(width: number, height: number, option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, backgroundColor: '#ffffff', textStyle: TEXT, ...option });
    return numbered(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** ECharts counts classes and clip paths through all charts of a process; counted in each, the same figures make the same file. */
function numbered(svg: string): string {
  const counted = /zr\d+-[a-z]+-?\d+/g;
  const names = [...new Set(svg.match(counted))];
  return svg.replaceAll(counted, (name) => `zr-${names.indexOf(name)}`);
}
