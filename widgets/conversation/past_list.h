#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "core/values/exchange.h"

class QAction;
class QLabel;
class QLineEdit;
class QListView;
class QSortFilterProxyModel;

namespace lvr {

// One answer that is kept, about whichever picture.
struct PastAnswer {
    std::string picture;  // what its conversation is called
    Exchange exchange;
    QImage thumbnail;  // of the first picture; null: it could not be read
    QString file;
};

// All answers that are kept, newest first: picture, question, answer, when, how it was asked and of
// which model. A line searches all of that. Says by signals what is wanted.
class PastList : public QWidget {
    Q_OBJECT
public:
    explicit PastList(QWidget* parent = nullptr);

    void show(const std::vector<PastAnswer>& answers);
    void markShown(const std::string& id);  // the answer on screen; empty: none of them
    void say(const QString& note);          // in place of an empty list
    int count() const;                      // that the search leaves

Q_SIGNALS:
    void openWanted(const lvr::PastAnswer& answer);
    void copyWanted(const lvr::PastAnswer& answer);
    void folderWanted(const lvr::PastAnswer& answer);
    void removeWanted(const lvr::PastAnswer& answer);

private:
    class Model;
    void build();
    QAction* addAction(const QString& name, const QString& text, const QKeySequence& key,
                       void (PastList::*wanted)(const PastAnswer&));
    const PastAnswer* current() const;  // null: none is chosen
    void update();

    Model* model_;
    QSortFilterProxyModel* found_;
    QLineEdit* search_;
    QListView* view_;
    QLabel* empty_;
    QString note_;
    QList<QAction*> actions_;
};

}  // namespace lvr
