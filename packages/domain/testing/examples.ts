import fc from 'fast-check';

/** Properties try what jest's seed gives: with the same one, the same examples. */
fc.configureGlobal({ seed: jest.getSeed() });
