// The console's comfort. Every action also works as a plain form, without any of this.
import "./times.js";
import "./panel.js";
import "./composer.js";
import "./live.js";
import "./keys.js";
