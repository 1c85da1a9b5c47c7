// The affiliate's and the creator's modules.
import "./dialogs.js";
import "./share.js";
import "./once.js";
import "./own_time.js";
