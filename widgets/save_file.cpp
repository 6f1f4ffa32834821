#include "widgets/save_file.h"

#include <QBuffer>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QRegularExpression>
#include <QSaveFile>
#include <algorithm>

#include "core/error.h"

namespace lvr {
namespace {

// "png", "lvrtrace"; not the 5 of "T 0.5".
QString endingIn(const QString& name) {
    static const QRegularExpression kEnding("\\.([A-Za-z][A-Za-z0-9]{0,9})$");
    return kEnding.match(QFileInfo(name).fileName()).captured(1);
}

// ".png, .svg or .csv"
QString listOf(const QList<SaveFormat>& formats) {
    QString list;
    for (int i = 0; i < formats.size(); ++i)
        list += (i == 0                   ? QString()
                 : i + 1 < formats.size() ? QStringLiteral(", ")
                                          : QObject::tr(" or ")) +
                '.' + formats[i].ending;
    return list;
}

void tellAndAskAgain(QWidget* parent, const SaveTarget& target, const SaveQuestion& question,
                     const std::function<void(const QString&, const QString&)>& save) {
    auto* box = new QMessageBox(QMessageBox::Warning, question.title, target.problem,
                                QMessageBox::Ok, parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(box, &QMessageBox::finished, parent,
                     [=] { askWhereToSave(parent, question, save); });
    box->open();
}

// The dialog asked about the name as it was typed only.
void askWhetherToReplace(QWidget* parent, const SaveTarget& target, const SaveQuestion& question,
                         const std::function<void(const QString&, const QString&)>& save) {
    auto* box = new QMessageBox(
        QMessageBox::Question, question.title,
        QObject::tr("%1 exists. Replace it?").arg(QFileInfo(target.file).fileName()),
        QMessageBox::Cancel, parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    const auto* replace = box->addButton(QObject::tr("&Replace"), QMessageBox::DestructiveRole);
    QObject::connect(replace, &QPushButton::clicked, parent,
                     [=] { save(target.file, target.ending); });
    box->open();
}

}  // namespace

void writeFile(const QString& file, const QByteArray& content) {
    QSaveFile target(file);
    if (target.open(QIODevice::WriteOnly) && target.write(content) == content.size() &&
        target.commit())
        return;
    throw Error(QObject::tr("%1 can't be written (%2); choose another place for it.")
                    .arg(QDir::toNativeSeparators(file), target.errorString())
                    .toStdString());
}

void writePicture(const QString& file, const QImage& picture) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    writeFile(file, bytes);
}

SaveTarget saveTarget(const QString& name, const QList<SaveFormat>& formats) {
    const QString ending = endingIn(name);
    if (ending.isEmpty()) {
        const QString bare = name.endsWith('.') ? name.chopped(1) : name;
        return {bare + '.' + formats.first().ending, formats.first().ending, {}};
    }
    for (const auto& format : formats)
        if (format.ending.compare(ending, Qt::CaseInsensitive) == 0)
            return {name, format.ending, {}};
    return {{},
            {},
            QObject::tr("%1 ends in .%2, and this can be written as %3; give the name one of these "
                        "endings.")
                .arg(QFileInfo(name).fileName(), ending, listOf(formats))};
}

void askWhereToSave(QWidget* parent, const SaveQuestion& question,
                    const std::function<void(const QString&, const QString&)>& save) {
    auto* dialog = new QFileDialog(parent, question.title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    QStringList filters;
    for (const auto& format : question.formats)
        filters << QObject::tr("%1 (*.%2)").arg(format.name, format.ending);
    dialog->setNameFilters(filters);
    dialog->setDefaultSuffix(question.formats.first().ending);
    QObject::connect(dialog, &QFileDialog::filterSelected, dialog, [=](const QString& filter) {
        dialog->setDefaultSuffix(question.formats.value(filters.indexOf(filter)).ending);
    });
    dialog->selectFile(question.suggestion);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [=](const QString& file) {
        const SaveTarget target = saveTarget(file, question.formats);
        SaveQuestion again = question;
        again.suggestion = file;
        if (!target.problem.isEmpty()) return tellAndAskAgain(parent, target, again, save);
        if (target.file != file && QFileInfo::exists(target.file))
            return askWhetherToReplace(parent, target, again, save);
        save(target.file, target.ending);
    });
    dialog->open();
}

}  // namespace lvr
