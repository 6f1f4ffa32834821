#include "app/window/ask_before_closing.h"

#include <QMessageBox>
#include <QPushButton>
#include <QStringList>

namespace lvr {
namespace {

QString tr(const char* text) { return QObject::tr(text); }

QString listOf(const std::vector<Run>& running) {
    QStringList lines;
    for (const Run& run : running)
        lines << tr("Run %1, %2: step %3 of %4")
                     .arg(run.id)
                     .arg(QString::fromStdString(run.info.kind))
                     .arg(run.step)
                     .arg(run.info.steps);
    return lines.join('\n');
}

}  // namespace

void askBeforeClosing(QWidget* window, const std::vector<Run>& running,
                      const std::function<void()>& goOn, const std::function<void()>& stopThem) {
    auto* box = new QMessageBox(
        QMessageBox::Question, tr("Close LVR Workbench"),
        running.size() == 1 ? tr("A training is running. Does it go on?")
                            : tr("%1 trainings are running. Do they go on?").arg(running.size()),
        QMessageBox::NoButton, window);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(
        listOf(running) + "\n\n" +
        tr("A training needs no window; it is in Train again when you come back. "
           "A stopped one saves a checkpoint first and can be resumed."));
    auto* goes = box->addButton(tr("&Go on"), QMessageBox::AcceptRole);
    auto* stops = box->addButton(running.size() == 1 ? tr("&Stop it") : tr("&Stop them"),
                                 QMessageBox::DestructiveRole);
    box->addButton(QMessageBox::Cancel);
    box->setDefaultButton(goes);
    QObject::connect(box, &QMessageBox::finished, window, [=] {
        if (box->clickedButton() == goes) goOn();
        if (box->clickedButton() == stops) stopThem();
    });
    box->open();
}

void askAboutComparison(QWidget* window, const std::function<void()>& stopIt) {
    auto* box = new QMessageBox(QMessageBox::Question, tr("Close LVR Workbench"),
                                tr("A set is being compared. Stop it and close?"),
                                QMessageBox::Cancel, window);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(
        tr("The answers that there are are kept: Past… in Compare opens them again, and Go on asks "
           "what is missing."));
    auto* stops = box->addButton(tr("&Stop and close"), QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    QObject::connect(stops, &QPushButton::clicked, window, [stopIt] { stopIt(); });
    box->open();
}

}  // namespace lvr
