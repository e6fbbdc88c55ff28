import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { client, Page } from './entitlements-page.js';

void client.ready.then(() => createRoot(document.body).render(createElement(Page)));
