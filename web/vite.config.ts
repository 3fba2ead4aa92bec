import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the sources and passes the API on to a running `vigiles` (or to `node mock/server.mjs`).
const backend = process.env['VIGILES_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2023', chunkSizeWarningLimit: 1200, emptyOutDir: true },
  server: { proxy: { '/api': backend, '/map/base.pmtiles': backend } },
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
