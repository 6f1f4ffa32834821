#pragma once

#include <QDialog>
#include <QTimer>
#include <memory>

#include "app/ask/figure.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace lvr {

class Job;
struct SaveFormat;
struct SaveTarget;

// What the dialog begins with: how the answer is seen in the window, and where it came from.
struct ExportStart {
    HeatPictureChoice picture;
    int nearest = 0;
    int step = -1;
    QString folder;  // where to write when none is remembered
    QString name;    // of the files, without an ending
};

// Figures, animation and numbers of one answer, to a file.
class ExportDialog : public QDialog {
    Q_OBJECT
public:
    ExportDialog(std::shared_ptr<const Trace> trace, ExportStart start, QWidget* parent = nullptr);
    void reject() override;  // stops what is being written

Q_SIGNALS:
    void exported(const QString& file);

private:
    enum class What { Step, AllSteps, Animation, Table, Whole };
    void build();
    void offerWhats();
    void wire();
    What what() const;
    ExportChoice choice() const;
    ExportFormat format() const;
    void offerFormats();
    void suggestFile();
    void fitToChoice();
    void fitToFile();
    QList<SaveFormat> formats() const;
    bool takeFile(const SaveTarget& target);
    void chooseFile();
    void start();
    void wrote(const QString& file);
    void setWriting(bool writing);
    void say(const QString& sentence);

    std::shared_ptr<const Trace> trace_;
    ExportStart start_;
    Job* job_;
    QFormLayout* form_;
    QComboBox* what_;
    QComboBox* format_;
    QComboBox* scale_;
    QSpinBox* milliseconds_;
    QCheckBox* caption_;
    QLineEdit* file_;
    QLabel* size_;
    QLabel* sentence_;
    QProgressBar* progress_;
    QPushButton* export_;
    QPushButton* close_;
    QTimer typing_;
    bool writing_ = false;
};

}  // namespace lvr
