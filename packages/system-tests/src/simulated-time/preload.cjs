/**
 * Loaded into a gateway by `node --require`: its monotonic clock is the simulated present, as the database's clock is in
 * that test's own database. The product itself has no such switch.
 */
const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');

const file = process.env.SIMULATED_PRESENT;
if (file) performance.now = () => Number(readFileSync(file, 'utf8'));
