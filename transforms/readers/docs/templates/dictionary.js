"use strict";
(function () {
  var field = document.getElementById("q");
  var hits = document.getElementById("hits");
  var nothing = document.getElementById("nothing");
  var text = function (node) { return node ? node.textContent.toLowerCase().replace(/\s+/g, " ") : ""; };
  var all = function (within, what) { return Array.prototype.slice.call(within.querySelectorAll(what)); };
  var tables = all(document, "article.table").map(function (node) {
    return {
      node: node,
      entry: document.querySelector('nav li[data-table="' + node.id + '"]'),
      about: text(node.querySelector("h3")) + " " + text(node.querySelector(".about")) + " " + text(node.querySelector("dl")),
      rows: all(node, "tbody tr").map(function (row) {
        var more = row.querySelector("details");
        return { node: row, text: text(row), more: more, deep: text(more) };
      })
    };
  });
  var items = all(document, "article.item").map(function (node) { return { node: node, text: text(node) }; });
  var diagram = document.querySelectorAll("#diagram, .intro");
  var has = function (words, where) { return words.every(function (word) { return where.indexOf(word) >= 0; }); };

  function search() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    var found = 0, columns = 0;
    items.forEach(function (item) { item.node.hidden = words.length > 0 && !has(words, item.text); });
    tables.forEach(function (table) {
      // the table itself fits: all its columns; else those columns that fit with its name
      var whole = has(words, table.about), here = 0;
      table.rows.forEach(function (row) {
        var fits = has(words, row.text + " " + table.node.id);
        row.node.hidden = words.length > 0 && !whole && !fits;
        if (row.more) { row.more.open = words.some(function (word) { return row.deep.indexOf(word) >= 0; }); }
        if (fits) { here += 1; }
      });
      table.node.hidden = words.length > 0 && !whole && !here;
      if (table.entry) { table.entry.hidden = table.node.hidden; }
      if (!table.node.hidden) { found += 1; columns += here; }
    });
    diagram.forEach(function (node) { node.hidden = words.length > 0; });
    all(document, "main section").forEach(function (section) {
      if (section.matches("#diagram, .intro")) { return; }
      section.hidden = words.length > 0 && !section.querySelector("article:not([hidden])");
    });
    hits.textContent = words.length ? found + (found === 1 ? " table, " : " tables, ") + columns + (columns === 1 ? " column" : " columns") : "";
    nothing.hidden = !words.length || found > 0 || items.some(function (item) { return !item.node.hidden; });
  }

  function show(target) {
    // a link may lead to what the search hides
    var node = target && document.getElementById(target);
    if (node && (node.closest("[hidden]") || node.hidden)) { field.value = ""; search(); }
    if (node) { node.scrollIntoView(); }
  }

  field.addEventListener("input", search);
  field.addEventListener("keydown", function (event) {
    var first = document.querySelector("main article:not([hidden]) h3 a, main article:not([hidden]) summary");
    if (event.key === "Escape") { field.value = ""; search(); }
    if ((event.key === "Enter" || event.key === "ArrowDown") && first) { event.preventDefault(); first.focus(); first.scrollIntoView({ block: "center" }); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target !== field) { event.preventDefault(); field.focus(); field.select(); }
    if (event.key === "Escape" && event.target !== field && field.value) { field.value = ""; search(); field.focus(); }
  });
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link) { show(decodeURIComponent(link.getAttribute("href").slice(1))); }
  });
  if (window.matchMedia("(max-width: 55rem)").matches) { document.getElementById("contents").open = false; }
  search();  // a reloaded page may still hold its words
})();
