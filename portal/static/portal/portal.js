// Comfort for those who have JavaScript: local times, copying, dropped and pasted files, progress.
(function () {
  "use strict";
  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }

  each("time[data-local]", function (time) {
    var at = new Date(time.dateTime);
    if (isNaN(at)) return;
    time.title = time.textContent;
    time.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  });

  each("[data-copy]", function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () { button.textContent = button.dataset.copied; });
    });
  });

  each("#problems", function (summary) { summary.focus(); });

  each("form[data-upload]", function (form) {
    var zone = form.querySelector("[data-drop]");
    var input = zone && zone.querySelector("input[type=file]");
    if (!zone || !window.DataTransfer || !window.FormData) return;
    var list = zone.querySelector(".filelist");
    var chosen = [];

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
        if (file.size > Number(zone.dataset.bytes)) problem = file.name + ": " + zone.dataset.tooLarge;
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
      var bar = document.createElement("progress");
      var button = form.querySelector("button[type=submit]");
      var call = new XMLHttpRequest();
      bar.max = 100;
      bar.setAttribute("aria-label", zone.dataset.sending);
      zone.appendChild(bar);
      button.disabled = true;
      call.upload.addEventListener("progress", function (step) { if (step.lengthComputable) bar.value = step.loaded / step.total * 100; });
      call.addEventListener("load", function () {
        if (call.status < 400) { location.assign(call.responseURL); return; }
        document.open(); document.write(call.responseText); document.close();
      });
      call.addEventListener("error", function () { bar.remove(); button.disabled = false; show(zone.dataset.failed); });
      call.open("POST", form.action || location.href);
      call.send(new FormData(form));
    });
  });
})();
