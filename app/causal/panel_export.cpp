#include "app/causal/panel_export.h"

#include <QApplication>
#include <QClipboard>
#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <nlohmann/json.hpp>

#include "app/causal/panel_text.h"
#include "core/causal/causal_html.h"
#include "core/causal/causal_json.h"
#include "core/error.h"
#include "widgets/causal/figure_view.h"
#include "widgets/job.h"
#include "widgets/qt_image.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

constexpr QSize kFigure(720, 420);

QList<SaveFormat> formats() {
    return {{"json", QObject::tr("Everything as JSON")},
            {"html", QObject::tr("Report, a page of its own")},
            {"csv", QObject::tr("Interventions, a row each")},
            {"png", QObject::tr("Picture of the page")},
            {"svg", QObject::tr("The figure in front")}};
}

// The same picture is the same file. Throws Error when it can't be written.
QString keptPicture(const Image& picture) {
    const auto hash =
        QCryptographicHash::hash(QByteArrayView(reinterpret_cast<const char*>(picture.rgb.data()),
                                                static_cast<qsizetype>(picture.rgb.size())),
                                 QCryptographicHash::Sha1)
            .toHex()
            .left(16);
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation) +
                           "/lvr-workbench/asked";
    QDir().mkpath(folder);
    const QString file = folder + '/' + QString::fromLatin1(hash) + ".png";
    if (!QFileInfo::exists(file)) writePicture(file, toQImage(picture));
    return file;
}

QByteArray jsonOf(const PanelToExport& shown, const QString& command) {
    nlohmann::ordered_json json{{"command", command.toStdString()},
                                {"model", shown.model.toStdString()},
                                {"decoding", shown.decoding.toStdString()}};
    json.update(nlohmann::ordered_json::parse(toJson(shown.panel)));
    using Json = nlohmann::ordered_json;
    return QByteArray::fromStdString(json.dump(2, ' ', false, Json::error_handler_t::replace) +
                                     "\n");
}

}  // namespace

PanelExporter::PanelExporter(Source source, QWidget* window)
    : QObject(window), source_(std::move(source)), window_(window), files_(new Job(this)) {}

void PanelExporter::choose() {
    askWhereToSave(window_, {tr("Export the panel"), QStringLiteral("causal.json"), formats()},
                   [this](const QString& file, const QString&) { exportTo(file); });
}

void PanelExporter::withCommand(std::function<void(const QString&)> then) {
    files_->add(
        [pictures = source_.pictures()] {
            QStringList files;
            for (const Image& picture : pictures) files << keptPicture(picture);
            return files;
        },
        [this, then = std::move(then)](const QStringList& files) { then(source_.command(files)); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void PanelExporter::copyCommand() {
    withCommand([this](const QString& command) {
        QApplication::clipboard()->setText(command);
        Q_EMIT said(tr("Copied: %1").arg(command));
    });
}

void PanelExporter::exportTo(const QString& name) {
    const SaveTarget target = saveTarget(name, formats());
    if (!target.problem.isEmpty()) return failed(target.problem);
    withCommand(
        [this, target](const QString& command) { write(target.file, target.ending, command); });
}

void PanelExporter::write(const QString& file, const QString& ending, const QString& command) {
    PanelToExport shown = source_.shown();
    if (ending == "svg" && (!shown.figure || shown.figure->isEmpty()))
        return failed(
            tr("A table is in front, which is no figure: bring one to the front, or "
               "choose .csv, .json or .png."));
    const QByteArray svg = ending == "svg" ? shown.figure->svg(kFigure, command) : QByteArray();
    shown.page.setText("Command", command);
    files_->add(
        [file, ending, command, svg, shown = std::move(shown)] {
            if (ending == "png") return writePicture(file, shown.page);
            if (ending == "svg") return writeFile(file, svg);
            if (ending == "json") return writeFile(file, jsonOf(shown, command));
            const std::string made = command.toStdString();
            writeFile(file,
                      QByteArray::fromStdString(ending == "html" ? toHtml(shown.panel, made)
                                                                 : panelToCsv(shown.panel, made)));
        },
        [this, file] { Q_EMIT said(tr("Saved %1.").arg(QDir::toNativeSeparators(file))); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
