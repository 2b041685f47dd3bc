/** Where this app's own files lie (`recipes/`, `demo/`): the same from `src/` and from the built `dist/`. */

import { fileURLToPath } from "node:url";

export const appFolder = fileURLToPath(new URL("..", import.meta.url));
