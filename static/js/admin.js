// The brand admin's modules, in the order that their listeners must run.
import "./charts.js";
import "./confirm.js";
import "./compose.js";
import "./dialogs.js";
import "./filters.js";
import "./menus.js";
import "./selection.js";
import "./once.js";
import "./search.js";
