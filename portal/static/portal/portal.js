// Comfort for those who have JavaScript: local times, copying, dropped and pasted files, progress.
(function () {
  "use strict";
  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }

  each("time[data-local]", function (time) {
    var at = new Date(time.dateTime);
    if (isNaN(at)) return;
    var day = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
    var zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(at).filter(function (part) {
      return part.type === "timeZoneName";
    })[0];
    time.title = time.textContent;
    time.textContent = at.toLocaleString(document.documentElement.lang, day) + (zone ? " " + zone.value : "");
  });

  each("[data-copy]", function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () { button.textContent = button.dataset.copied; });
    });
  });

  each("[data-print]", function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });

  each("#problems", function (summary) { summary.focus(); });

  each("form[data-upload]", function (form) {
    var zone = form.querySelector("[data-drop]");
    var input = zone && zone.querySelector("input[type=file]");
    if (!zone || !window.DataTransfer || !window.FormData) return;
    var list = zone.querySelector(".filelist");
    var chosen = [];
    zone.querySelector("[data-script]").hidden = false;

    function size(bytes) { return bytes < 1048576 ? Math.ceil(bytes / 1024) + " KB" : (bytes / 1048576).toFixed(1) + " MB"; }

    function show(problem) {
      list.textContent = "";
      chosen.forEach(function (file, index) {
        var row = document.createElement("li");
        var meta = document.createElement("span");
        var remove = document.createElement("button");
        row.appendChild(document.createTextNode(file.name));
        meta.className = "meta";
        meta.textContent = size(file.size);
        remove.type = "button";
        remove.className = "btn small quiet";
        remove.textContent = zone.dataset.remove;
        remove.setAttribute("aria-label", zone.dataset.remove + " " + file.name);
        remove.addEventListener("click", function () { chosen.splice(index, 1); keep(); });
        row.appendChild(meta);
        row.appendChild(remove);
        list.appendChild(row);
      });
      if (problem) {
        var told = document.createElement("li");
        told.className = "error";
        told.textContent = problem;
        list.appendChild(told);
      }
    }

    function keep(problem) {
      var box = new DataTransfer();
      chosen.forEach(function (file) { box.items.add(file); });
      input.files = box.files;
      show(problem);
    }

    function add(files) {
      var problem = "";
      Array.prototype.forEach.call(files, function (file) {
        if (file.size > Number(zone.dataset.bytes)) problem = file.name + " – " + zone.dataset.tooLarge;
        else if (chosen.length >= Number(zone.dataset.most)) problem = zone.dataset.tooMany;
        else chosen.push(file);
      });
      keep(problem);
    }

    input.addEventListener("change", function () { add(input.files); });
    ["dragover", "dragleave", "drop"].forEach(function (name) {
      zone.addEventListener(name, function (event) {
        event.preventDefault();
        zone.classList.toggle("over", name === "dragover");
        if (name === "drop") add(event.dataTransfer.files);
      });
    });
    form.addEventListener("paste", function (event) {
      if (event.clipboardData && event.clipboardData.files.length) { event.preventDefault(); add(event.clipboardData.files); }
    });

    form.addEventListener("submit", function (event) {
      if (!chosen.length) return;
      event.preventDefault();
      var told = document.createElement("p");
      var share = document.createElement("span");
      var bar = document.createElement("progress");
      var button = form.querySelector("button[type=submit]");
      var call = new XMLHttpRequest();
      told.className = "sending";
      told.textContent = zone.dataset.sending;
      told.appendChild(share);
      bar.max = 100;
      bar.value = 0;
      bar.setAttribute("aria-label", zone.dataset.sending);
      zone.appendChild(told);
      zone.appendChild(bar);
      button.disabled = true;

      function again() { told.remove(); bar.remove(); button.disabled = false; show(zone.dataset.failed); }

      call.upload.addEventListener("progress", function (step) {
        if (!step.lengthComputable) return;
        bar.value = step.loaded / step.total * 100;
        share.textContent = Math.round(bar.value) + " %";
      });
      call.addEventListener("load", function () {
        if (call.status >= 500) { again(); return; }
        history.replaceState(null, "", call.responseURL || location.href);
        document.open(); document.write(call.responseText); document.close();
      });
      call.addEventListener("error", again);
      call.open("POST", form.getAttribute("action") || location.href);
      call.send(new FormData(form));
    });
  });
})();
