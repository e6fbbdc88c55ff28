#!/usr/bin/env node
import { programFor } from './program.js';

void programFor(process.env).parseAsync();
