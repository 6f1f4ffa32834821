#include "app/compare/set_export.h"

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QMenu>
#include <utility>

#include "app/compare/background.h"
#include "app/compare/export_files.h"
#include "core/eval/comparison_text.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

struct Exported {
    const char* suggestion;
    QList<SaveFormat> formats;
};

Exported exported(SetExport what) {
    switch (what) {
        case SetExport::Table:
            return {"strategies",
                    {{"csv", QObject::tr("CSV, a row a strategy")},
                     {"md", QObject::tr("Markdown table")}}};
        case SetExport::Answers:
            return {"answers", {{"csv", QObject::tr("CSV, a row a question and strategy")}}};
        case SetExport::Everything:
            return {"comparison", {{"json", QObject::tr("JSON")}}};
        case SetExport::Picture:
            return {"comparison", {{"png", QObject::tr("PNG picture")}}};
    }
    return {};
}

std::string textOf(const SetResults& results, SetExport what, const QString& ending) {
    if (what == SetExport::Answers) return answersToCsv(results);
    if (what == SetExport::Everything) return toJson(results);
    return ending == "md" ? toMarkdown(results) : scoresToCsv(results);
}

}  // namespace

SetExporter::SetExporter(Source source, QWidget* parent)
    : QObject(parent),
      source_(std::move(source)),
      window_(parent),
      menu_(new QMenu(parent)),
      files_(new Background(this)) {
    add("table", tr("Table…"), SetExport::Table);
    add("answers", tr("Every answer…"), SetExport::Answers);
    add("json", tr("Everything as JSON…"), SetExport::Everything);
    add("picture", tr("Picture of table and plot…"), SetExport::Picture);
    menu_->addSeparator();
    menu_
        ->addAction(tr("Copy the table as Markdown"), this,
                    [this] {
                        QApplication::clipboard()->setText(
                            QString::fromStdString(toMarkdown(source_.results())));
                    })
        ->setObjectName("set.copy-markdown");
}

void SetExporter::add(const QString& name, const QString& text, SetExport what) {
    menu_->addAction(text, this, [this, what] { ask(what); })->setObjectName("set.export-" + name);
}

void SetExporter::ask(SetExport what) {
    const auto [suggestion, formats] = exported(what);
    askWhereToSave(
        window_,
        {tr("Export the comparison"), suggestion + ("." + formats.first().ending), formats},
        [this, what](const QString& file, const QString& ending) { write(what, file, ending); });
}

void SetExporter::exportTo(SetExport what, const QString& file) {
    const SaveTarget target = saveTarget(file, exported(what).formats);
    if (!target.problem.isEmpty()) return failed(target.problem);
    write(what, target.file, target.ending);
}

void SetExporter::write(SetExport what, const QString& file, const QString& ending) {
    const QImage image = what == SetExport::Picture ? source_.picture() : QImage();
    files_->run(
        [this, what, file, ending, image, results = source_.results()]() -> Background::Report {
            if (what == SetExport::Picture)
                writePictureFile(file, image);
            else
                writeTextFile(file, textOf(results, what, ending));
            return
                [this, file] { Q_EMIT said(tr("Saved %1.").arg(QDir::toNativeSeparators(file))); };
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
